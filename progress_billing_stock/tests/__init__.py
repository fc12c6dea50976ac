from . import test_shipments
from . import test_shipment_tables
