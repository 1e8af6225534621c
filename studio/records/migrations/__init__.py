"""Steps from one version of the tables of studio.records to the next."""
