"""Forum rooms: numbered messages, acknowledged once committed and pushed to open sockets."""
