import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** The messages behind a decision, as the customer sees them. */
export class MessagePreview extends Component {
    static template = "account_collections_auto.MessagePreview";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ messages: [] });
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((nextProps) => this.load(nextProps));
    }

    async load({ record }) {
        this.state.messages = await this.orm.silent.call("collection.cycle.line", "get_messages", [
            [record.resId],
        ]);
    }

    /** The frame is as high as the message. Its document holds no script that could run. */
    fit(ev) {
        const frame = ev.target;
        frame.style.height = `${frame.contentDocument.documentElement.scrollHeight + 8}px`;
    }
}

registry.category("view_widgets").add("collection_message_preview", { component: MessagePreview });
