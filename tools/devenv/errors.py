"""The one exception the commands show to people."""


class SetupError(Exception):
    """A problem the user can solve; its text is the whole message shown."""
