import json
from collections.abc import Sequence


class TaxColumns:
    """Taxes of one bill's claims that are mere percentages: the figures alone, for there may be thousands."""

    def __init__(self, rows, sets, taken, make):
        """
        :param list rows: ``(id of the bill line, id of the schedule line, ids of its taxes, net, base)`` a claim
        :param dict sets: ``(taxes as they stand on the line, single taxes)`` by these ids
        :param dict taken: amounts of each single tax, of the claims that have it, in their order
        :param make: a function that gives the base lines of Odoo's tax engine
        """
        self.rows, self.sets, self.taken, self.make = rows, sets, taken, make

    def get_groups(self, accounts):
        """What the claims come to by taxes and account, added up as :meth:`progress.tax.engine._merge` does it.

        :param dict accounts: an account by id of the schedule line; or the one that all have
        :return list: ``(taxes, account, net, {tax id: [base, tax amount]}, ids of bill lines)``
        """
        groups, several = {}, isinstance(accounts, dict)
        queues = {tax: iter(amounts) for tax, amounts in self.taken.items()}
        flat = {key: [(tax.id, queues[tax]) for tax in single] for key, (_taxes, single) in self.sets.items()}
        for line, scheduled, key, net, _base in self.rows:
            account = accounts[scheduled] if several else accounts
            group = groups.get((key, account.id))
            if group is None:
                sums = {tax: [0.0, 0.0] for tax, _queue in flat[key]}
                group = groups[key, account.id] = [self.sets[key][0], account, 0.0, sums, []]
            group[2] += net
            group[4].append(line)
            for tax, queue in flat[key]:
                entry = group[3][tax]
                entry[0] += net
                entry[1] += next(queue)
        return list(groups.values())

    def get_kept(self):
        """:meth:`progress.tax.engine._prepare_kept_of` as text.

        :return list: JSON, in the order of the claims
        """
        queues = {tax: iter(amounts) for tax, amounts in self.taken.items()}
        flat = {}
        for key, (taxes, single) in self.sets.items():
            heads = [(f'"{tax.id}": [{tax.amount!r}, ', queues[tax]) for tax in single]
            flat[key] = f'{{"taxes": {json.dumps(taxes.ids)}, "amounts": {{', heads
        kept = []
        for _line, _scheduled, key, _net, base in self.rows:
            start, heads = flat[key]
            kept.append(start + ', '.join([f'{head}{base!r}, {next(queue)!r}]' for head, queue in heads]) + '}}')
        return kept


class PlainTaxes(Sequence):
    """Computed base lines of Odoo's tax engine, made only where somebody looks at one: see :class:`TaxColumns`."""

    def __init__(self, parts):
        """
        :param list parts: columns of one bill each
        """
        self.parts, self._made = parts, None

    @classmethod
    def concat(cls, sequences):
        """Base lines of several bills one after the other.

        :param list sequences: of base lines
        """
        if sequences and all(isinstance(lines, cls) for lines in sequences):
            return cls([part for lines in sequences for part in lines.parts])
        return [line for lines in sequences for line in lines]

    @property
    def base_lines(self):
        """All of them."""
        if self._made is None:
            self._made = [line for part in self.parts for line in part.make()]
        return self._made

    def __len__(self):
        return sum(len(part.rows) for part in self.parts)

    def __getitem__(self, index):
        return self.base_lines[index]
