import { Component, onWillStart, status, useState } from "@odoo/owl";

import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { formatInteger } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { StartBanner } from "../start_assistant/start_banner";

const MODEL = "collection.today";

/**
 * What needs a decision today. The server says what the tiles show and what their buttons call; this only draws them.
 */
export class CollectionToday extends Component {
    static template = "account_collections_auto.Today";
    static components = { Layout, StartBanner };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.display = { controlPanel: {} };
        this.formatInteger = formatInteger;
        this.state = useState({ page: { tiles: [], notices: [] }, isBusy: false });
        onWillStart(() => this.load());
    }

    async load() {
        this.state.page = await this.orm.call(MODEL, "get_page");
    }

    format(amounts) {
        return amounts.map(({ amount, currency_id }) => formatCurrency(amount, currency_id)).join(" + ");
    }

    press(button) {
        if (!button.confirm) {
            return this.call(button.method, button.args);
        }
        const [body, confirmLabel] = button.confirm;
        this.dialog.add(ConfirmationDialog, {
            title: button.label,
            body,
            confirmLabel,
            confirm: () => this.call(button.method, button.args),
            cancel: () => {},
        });
    }

    putAway(tile) {
        return this.call("put_away", [tile.key, tile.stamp]);
    }

    setOnlyMine(onlyMine) {
        return this.call("set_only_mine", [onlyMine]);
    }

    /** Call a method of the model; follow the action it returns, else read the figures again. */
    async call(method, args) {
        this.state.isBusy = true;
        try {
            const result = await this.orm.call(MODEL, method, args);
            let isLoaded = false;
            const reload = () => {
                isLoaded = true;
                return this.load();
            };
            if (result) {
                await this.action.doAction(result, { onClose: reload });
            }
            const isHere = status(this) !== "destroyed";
            if (isHere && !isLoaded && (!result || result.type === "ir.actions.client")) {
                await reload();
            }
        } finally {
            this.state.isBusy = false;
        }
    }

    get emptyTitle() {
        return this.state.page.has_cases ? _t("Nothing is left for today") : _t("No open invoices yet");
    }
}

registry.category("actions").add("account_collections_auto.today", CollectionToday);
