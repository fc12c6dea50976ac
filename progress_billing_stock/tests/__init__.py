from . import test_shipment_tables
from . import test_shipments
