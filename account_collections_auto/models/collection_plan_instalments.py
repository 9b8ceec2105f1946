from odoo import fields, models


class CollectionPlan(models.Model):
    """What a dunning plan says about payment plans: limits, grace, the reminder of an instalment, and charges."""

    _inherit = "collection.plan"  # pylint: disable=consider-merging-classes-inherited

    instalment_max_months = fields.Integer(
        string="Payment Plans Up To",
        default=12,
        help="A payment plan that takes longer than this many months needs the approval of a manager. 0: no limit.",
    )
    instalment_min_amount = fields.Monetary(
        string="Instalments From",
        help="A payment plan with a smaller instalment needs the approval of a manager. Company currency; 0: no limit.",
    )
    instalment_max_debt = fields.Monetary(
        string="Without Approval Up To",
        help="A payment plan over more than this needs the approval of a manager. What the customer still pays by other "
        "payment plans counts, too. Company currency; 0: no limit.",
    )
    instalment_answer_days = fields.Integer(
        string="Days to Accept",
        default=10,
        help="While a payment plan is proposed to the customer, its items rest for this many days.",
    )
    instalment_grace_days = fields.Integer(
        string="Days of Grace",
        default=5,
        help="Days after its date until an instalment counts as missed. Each payment plan can have its own; more days need the "
        "approval of a manager.",
    )
    instalment_max_missed = fields.Integer(
        string="Ends After Missed",
        default=1,
        help="With so many instalments missed a payment plan ends, and all that is open is due again. Each payment plan can "
        "have its own; more need the approval of a manager.",
    )
    instalment_template_id = fields.Many2one(
        "mail.template",
        string="Reminder of an Instalment",
        ondelete="restrict",
        domain="[('model', '=', 'collection.action')]",
        help="The text that goes out the day after an instalment was not paid. Empty: the one that comes with the module.",
    )

    charge_retries = fields.Integer(
        string="Try Again",
        default=2,
        help="When a stored card or account could not be charged for an instalment, it is tried so many times more.",
    )
    charge_retry_days = fields.Integer(
        string="Days Between Tries", default=3, help="Days until a charge that failed is tried again."
    )

    _instalments_not_negative = models.Constraint(
        """CHECK(instalment_max_months >= 0 AND instalment_min_amount >= 0 AND instalment_max_debt >= 0
                 AND instalment_answer_days >= 0 AND instalment_grace_days >= 0 AND instalment_max_missed > 0)""",
        "The limits and days of payment plans cannot be negative, and one missed instalment at least ends a plan.",
    )
    _charges_not_negative = models.Constraint(
        "CHECK(charge_retries >= 0 AND charge_retry_days > 0)",
        "The number of tries cannot be negative, and a day at least lies between two of them.",
    )
