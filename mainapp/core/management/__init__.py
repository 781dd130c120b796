"""Commands, and the message catalogues that they keep."""
