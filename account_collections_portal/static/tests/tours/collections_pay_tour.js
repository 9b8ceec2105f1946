import { registry } from "@web/core/registry";

// From the link of a reminder: two taps to pay, one for the way to pay. Every page loads anew.
registry.category("web_tour.tours").add("collections_pay", {
    steps: () => [
        {
            trigger: ".o_collections_pay_bar a:contains(Pay what is overdue)",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "h1:contains(Pay)" },
        {
            trigger: "#o_payment_form button[name=o_payment_submit_button]:not([disabled])",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "h1:contains(Thank you!)" },
        { trigger: "a:contains(Download the receipt)" },
    ],
});
