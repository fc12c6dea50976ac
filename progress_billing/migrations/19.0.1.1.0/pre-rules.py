def migrate(cr, version):
    """Our record rules follow the data files again: reading and changing are rules apart, a side of contracts each."""
    cr.execute(
        "UPDATE ir_model_data SET noupdate = FALSE WHERE module = 'progress_billing' AND model = 'ir.rule' "
        "AND name ~ '_rule_(seen|customer|subcontract)$'"
    )
