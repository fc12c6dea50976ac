from odoo import SUPERUSER_ID, api
from odoo.tools import SQL
from odoo.tools.sql import column_exists

#: a claim that one bill of the owner had: its lines that are billed on that bill's contract
OF_CLAIMS = SQL("""
    SELECT taker.id, line.id, owned.id
      FROM progress_bill_line line
      JOIN progress_bill claim ON claim.id = line.bill_id
      JOIN progress_bill taker ON taker.id = claim.owner_bill_id
      JOIN progress_contract_line scheduled ON scheduled.id = line.contract_line_id
      JOIN progress_contract_line owned ON owned.id = scheduled.owner_line_id AND owned.contract_id = taker.contract_id
  ORDER BY line.id
""")
#: a line that a bill had; one that moved to another contract meanwhile was on one of the lines of that bill
OF_LINES = """
    SELECT taker.id, line.id, COALESCE(owned.id, MIN(billed.contract_line_id))
      FROM progress_bill_line line
      JOIN progress_bill taker ON taker.id = line.%s
      JOIN progress_contract_line scheduled ON scheduled.id = line.contract_line_id
 LEFT JOIN progress_contract_line owned ON owned.id = scheduled.owner_line_id AND owned.contract_id = taker.contract_id
 LEFT JOIN progress_bill_line billed ON billed.bill_id = taker.id
  GROUP BY taker.id, line.id, owned.id
    HAVING COALESCE(owned.id, MIN(billed.contract_line_id)) IS NOT NULL
  ORDER BY line.id
"""


def migrate(cr, version):
    """Which bill of the owner has a line of a claim is a row, with what it has of it (SUB-14).

    It stood on the claim, then on each of its lines. What was billed of a claim that is being revised is not known: it
    counts as it stands.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    if column_exists(cr, 'progress_bill', 'owner_bill_id'):
        _make_shares(env, env.execute_query(OF_CLAIMS), 1)
    for column, sign in (('owner_bill_id', 1), ('owner_credit_bill_id', -1)):
        if column_exists(cr, 'progress_bill_line', column):
            _make_shares(env, env.execute_query(SQL(OF_LINES, SQL.identifier(column))), sign)


def _make_shares(env, rows, sign):
    lines, scheduled = env['progress.bill.line'], env['progress.contract.line']
    shares = {}
    for bill_id, line_id, owner_line_id in rows:
        line, owner = lines.browse(line_id), scheduled.browse(owner_line_id)
        shares.setdefault(bill_id, []).append(
            {
                'claim_line_id': line_id,
                'owner_line_id': owner_line_id,
                'amount': sign * line.certified_amount,
                'stored_amount': sign * line.stored_amount,
                'retainage_amount': sign * line.retainage_amount,
                'owner_amount': sign * line._convert_for_owner(line.certified_amount, owner),
                'owner_retainage_amount': sign * line._convert_for_owner(line.retainage_amount, owner),
            }
        )
    for bill in env['progress.bill'].browse(shares):
        bill._take_owner_shares(shares[bill.id])
