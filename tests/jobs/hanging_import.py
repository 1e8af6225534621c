"""Is never done with being imported, as from a disk of the network that is gone."""

import time

time.sleep(3600)
