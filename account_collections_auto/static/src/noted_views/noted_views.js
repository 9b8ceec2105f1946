import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { graphView } from "@web/views/graph/graph_view";
import { pivotView } from "@web/views/pivot/pivot_view";

/** The control panel of a pivot or graph with a line below it that says how to read the figures. */
class NotedControlPanel extends ControlPanel {
    static template = "account_collections_auto.NotedControlPanel";

    get note() {
        const notes = {
            "collection.action.report": _t(
                "Observations, not effects: who was about to pay anyway pays after a message too. Money counts for the last contact before it, once; what was paid less than two days after a contact was probably under way."
            ),
            "collection.report": _t(
                "What was open at the end of each month and today, as the ledger says now. What was open on two days has no sum: such a cell stays empty."
            ),
        };
        return notes[this.env.searchModel.resModel];
    }
}

registry.category("views").add("collection_noted_pivot", { ...pivotView, ControlPanel: NotedControlPanel });
registry.category("views").add("collection_noted_graph", { ...graphView, ControlPanel: NotedControlPanel });
