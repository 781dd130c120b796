"""The carteira: what a user holds, what it is worth, and what to buy next."""
