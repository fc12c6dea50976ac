"""Names that helpers had before tests held builders: for tests that are not converted yet."""

OLD_NAMES = {
    '_make_tax': 'make.tax',
    '_make_project': 'make.project',
    '_make_contract': 'make.contract',
    '_as_billed': 'make.as_billed',
    '_pro_forma': 'make.pro_forma',
    '_quantity_contract': 'make.by_quantity',
    '_change': 'make.change',
    '_extra': 'make.extra',
    '_plan': 'make.plan',
    '_bill': 'billing.bill',
    '_final': 'billing.final',
    '_credit': 'billing.credit',
    '_run': 'billing.run',
    '_draw': 'billing.draw',
    '_to_ledger': 'billing.to_ledger',
    '_release': 'billing.release',
    '_pay': 'billing.pay',
    '_ledger': 'books.of',
    '_balance': 'books.balance',
    '_account': 'books.of_contract',
    '_make_product': 'orders.product',
    '_make_order': 'orders.order',
    '_set_up': 'orders.set_up',
    '_native_invoice': 'orders.invoice',
    '_down_payment': 'orders.down_payment',
}


class LegacyHelpers:
    """Each old name calls the builder."""


def _delegate(new):
    owner, _dot, name = new.partition('.')
    return classmethod(lambda cls, *args, **kwargs: getattr(getattr(cls, owner), name)(*args, **kwargs))


for _old, _new in OLD_NAMES.items():
    setattr(LegacyHelpers, _old, _delegate(_new))
