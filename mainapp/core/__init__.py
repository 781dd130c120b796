"""What every feature stands on: the base consumer, publishing, domain errors, formats."""
