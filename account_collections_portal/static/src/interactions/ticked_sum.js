import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** What is ticked adds up on the button that pays it. The server computes what is charged. */
export class TickedSum extends Interaction {
    static selector = ".o_collections_page:has(#collections_pay_form)";
    dynamicContent = {
        ".o_collections_tick": { "t-on-change": () => this.add() },
    };

    start() {
        this.add();
    }

    add() {
        const sums = new Map();
        for (const box of this.el.querySelectorAll(".o_collections_tick:checked")) {
            const { currency, open } = box.dataset;
            sums.set(currency, (sums.get(currency) || 0) + parseFloat(open));
        }
        const texts = [...sums].map(([currency, sum]) =>
            new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "currency", currency }).format(sum)
        );
        this.el.querySelector(".o_collections_ticked_sum").textContent = texts.join(" + ");
        this.el.querySelector("#collections_pay_form button").disabled = !sums.size;
    }
}

registry.category("public.interactions").add("account_collections_portal.ticked_sum", TickedSum);
