"""Files of market data that an operator has downloaded, one module per format."""
