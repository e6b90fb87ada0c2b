"""Files that shops have, to sources with our columns: one file per format, each with its mapping on top.

A connector renames, unpacks and leaves out what is no event or no item; which rows can be used is judged where all rows
are (`ingest.event_rows`, `ingest.catalogue`). Only `pipeline.ingest` and tests import this package.
"""

from recommender.ingest.connectors.connector import Connector, Tables
from recommender.ingest.connectors.data_layer import DATA_LAYER
from recommender.ingest.connectors.ga4 import GA4
from recommender.ingest.connectors.instacart import INSTACART
from recommender.ingest.connectors.json_ld import JSON_LD
from recommender.ingest.connectors.merchant_feed import MERCHANT_FEED
from recommender.ingest.connectors.movielens import MOVIELENS
from recommender.ingest.connectors.online_retail import ONLINE_RETAIL
from recommender.ingest.connectors.retailrocket import RETAILROCKET
from recommender.ingest.connectors.shopify import SHOPIFY
from recommender.ingest.connectors.woocommerce import WOOCOMMERCE

CONNECTORS = {
    connector.name: connector
    for connector in (
        SHOPIFY,
        WOOCOMMERCE,
        GA4,
        DATA_LAYER,
        MERCHANT_FEED,
        JSON_LD,
        ONLINE_RETAIL,
        RETAILROCKET,
        INSTACART,
        MOVIELENS,
    )
}

__all__ = ["CONNECTORS", "Connector", "Tables"]
