"""Files for operators, and checks of them."""
