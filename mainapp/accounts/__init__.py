"""Users: accounts, sign-up, log-in, preferences, pictures, and authentication of sockets."""
