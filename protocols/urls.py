"""Addresses of knowledge: one list for each use case."""

from protocols.views import catalogue, delivery, products, stock

app_name = "protocols"
urlpatterns = [*catalogue.urls, *stock.urls, *products.urls, *delivery.urls]
