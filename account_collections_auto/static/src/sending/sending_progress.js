import { Component, onWillUnmount, useEffect } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const INTERVAL = 3000;

/** A bar that follows a sending in the background; the page can be left and found again. */
export class SendingProgress extends Component {
    static template = "account_collections_auto.SendingProgress";
    static props = { ...standardWidgetProps };

    setup() {
        useEffect(
            (isRunning) => {
                if (isRunning) {
                    this.timer = browser.setInterval(() => this.props.record.load(), INTERVAL);
                    return () => browser.clearInterval(this.timer);
                }
            },
            () => [this.props.record.data.state === "queued"]
        );
        onWillUnmount(() => browser.clearInterval(this.timer));
    }

    get percent() {
        return Math.round(this.props.record.data.progress);
    }
}

registry.category("view_widgets").add("collection_sending_progress", {
    component: SendingProgress,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "progress", type: "float" },
    ],
});
