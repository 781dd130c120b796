"""Blocks of the market: on the home page, and on the page of a paper."""

from mainapp.market.blocks import home, paper

BLOCKS = [*home.BLOCKS, *paper.BLOCKS]
