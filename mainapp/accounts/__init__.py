"""Users: the model, sign-up and log-in, and who is behind a socket."""
