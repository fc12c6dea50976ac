"""Set-up of the run and test environment: Odoo, Python, PostgreSQL, databases.

Standard library only, since it runs before anything is installed. Everything it
makes goes to one cache folder outside the repository (see ``settings``).
"""
