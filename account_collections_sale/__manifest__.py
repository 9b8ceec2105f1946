{
    "name": "Collections: Credit Holds on Orders",
    "summary": "Quotations of customers on credit hold say so; no order is lost, and nobody is surprised",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "The collections suite maintainers",
    "license": "LGPL-3",
    "depends": ["account_collections_auto", "sale"],
    "data": ["data/mail_activity_data.xml", "views/sale_order_views.xml"],
    "auto_install": True,
    "installable": True,
}
