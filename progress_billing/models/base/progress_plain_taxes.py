from collections.abc import Sequence
from typing import NamedTuple


class Taken(NamedTuple):
    """What a claim takes on its invoice, however its taxes were computed."""

    #: id of the bill line, and of the schedule line
    line: int
    key: int
    #: ``account.tax`` as they stand on the line, groups as groups
    taxes: object
    #: untaxed; and as the bill has it, where a quantity times a price comes to something else
    net: float
    base: float
    #: ``(tax id, rate, base, tax amount)`` of each single tax; the second leg of a reverse charge is left out
    amounts: list


class PlainTaxes(Sequence):
    """Computed base lines of Odoo's tax engine, made only where somebody looks at one: what they take is known."""

    def __init__(self, taken, makers):
        """
        :param list taken: of :class:`Taken`
        :param list makers: functions that give the base lines, those of a bill each
        """
        self.taken, self._makers, self._made = taken, makers, None

    @classmethod
    def concat(cls, sequences):
        """Base lines of several bills one after the other.

        :param list sequences: of base lines
        """
        if sequences and all(isinstance(lines, cls) for lines in sequences):
            taken = [one for lines in sequences for one in lines.taken]
            return cls(taken, [make for lines in sequences for make in lines._makers])
        return [line for lines in sequences for line in lines]

    @property
    def base_lines(self):
        """All of them."""
        if self._made is None:
            self._made = [line for make in self._makers for line in make()]
        return self._made

    def __len__(self):
        return len(self.taken)

    def __getitem__(self, index):
        return self.base_lines[index]
