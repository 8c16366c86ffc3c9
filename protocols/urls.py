"""Addresses of knowledge: one list for each use case."""

from protocols.views import catalogue, clinic_releases, delivery, products, stock

app_name = "protocols"
urlpatterns = [*clinic_releases.urls, *catalogue.urls, *stock.urls, *products.urls, *delivery.urls]
