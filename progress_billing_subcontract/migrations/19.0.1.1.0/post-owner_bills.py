from odoo.tools.sql import column_exists


def migrate(cr, version):
    """Which bill of the owner took a claim stood on the claim; it stands on each of its lines now (SUB-14)."""
    if column_exists(cr, 'progress_bill', 'owner_bill_id'):
        cr.execute(
            """
            UPDATE progress_bill_line line
               SET owner_bill_id = taker.id
              FROM progress_bill claim, progress_bill taker, progress_contract_line scheduled,
                   progress_contract_line owned
             WHERE claim.id = line.bill_id
               AND taker.id = claim.owner_bill_id
               AND scheduled.id = line.contract_line_id
               AND owned.id = scheduled.owner_line_id
               AND owned.contract_id = taker.contract_id
               AND line.owner_bill_id IS NULL
            """
        )
