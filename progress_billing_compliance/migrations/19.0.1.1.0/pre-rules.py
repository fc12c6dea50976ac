def migrate(cr, version):
    """Our record rules follow the data files again: who sees what is said once, by the core."""
    cr.execute(
        "UPDATE ir_model_data SET noupdate = FALSE WHERE module = 'progress_billing_compliance' AND model = 'ir.rule'"
    )
