"""Metadata of the Level-1C product that a Level-2A product is derived from, with its compact name.

A tile that comes with its datastrip alone has no product metadata, and products before December 2016 have
long names; the Level-2A product needs both in the usual form.
"""

from __future__ import annotations

from dataclasses import replace

from ipf.product.acquisition import product_of
from ipf.product.documents import Documents
from ipf.product.metadata import DatastripMetadata
from ipf.product.names import ProductName
from ipf.product.reader import SafeProduct


def documents_of(product: SafeProduct, datastrip: DatastripMetadata) -> Documents:
    """Product, datastrip and tile metadata of an opened product."""
    metadata = product.metadata
    if metadata is None:
        return Documents(product_of(product.tile, datastrip), datastrip, product.tile)
    try:
        ProductName.parse(metadata.uri)
    except ValueError:
        compact = product_of(product.tile, datastrip).uri
        metadata = replace(metadata, uri=compact)
    return Documents(metadata, datastrip, product.tile)
