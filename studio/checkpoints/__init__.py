"""Where training starts: what is known of each checkpoint, where it is, and how it gets here."""
