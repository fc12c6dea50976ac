"""Functions without the ORM."""
