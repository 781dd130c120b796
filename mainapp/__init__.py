"""Pregão's features, each a small Django app; a feature imports only features below it.

api | pages              combinations of features: REST, home, health
alerts | portfolio | forum
market | notifications   stocks, quotes and the live tracker; the inbox
accounts                 users, sign-up, sessions of sockets
core                     mechanisms shared by all features: sockets, publishing, errors, formats
"""
