"""Management commands and the message catalogues that they maintain."""
