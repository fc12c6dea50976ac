"""Pure functions without the ORM: they can be read, tested and reasoned about alone."""
