"""Programs of the image, and a proof that it works."""
