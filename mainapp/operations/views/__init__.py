"""Pages and addresses for the people and machines that watch an instance."""
