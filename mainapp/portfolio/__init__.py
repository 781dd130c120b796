"""The carteira: a user's holdings, their value, and the next contribution."""
