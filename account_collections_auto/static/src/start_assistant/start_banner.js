import { Component, onWillStart, useState } from "@odoo/owl";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

/** Invites a manager to set the company up, or to go on where the assistant was left. Nothing once that is done. */
export class StartBanner extends Component {
    static template = "account_collections_auto.StartBanner";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ banner: null });
        onWillStart(async () => {
            if (await user.hasGroup("account_collections_auto.group_collection_manager")) {
                this.state.banner = await this.orm.silent.call("collection.safe.start", "get_banner", []);
            }
        });
    }

    open() {
        return this.action.doAction("account_collections_auto.collection_safe_start_action");
    }
}
