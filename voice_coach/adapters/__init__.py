"""One file for each outside thing; each imports its library late."""
