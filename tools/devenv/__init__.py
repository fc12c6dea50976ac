"""Set-up of the run and test environment: Odoo, Python, PostgreSQL, databases; all in one cache folder (``base``)."""
