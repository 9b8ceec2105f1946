import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    onWillUpdateProps,
    useRef,
    useState,
    useSubEnv,
} from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatInteger } from "@web/views/fields/formatters";
import { View, getDefaultConfig } from "@web/views/view";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const POLL_SECONDS = 5;
/** What was looked at last, so that going back from a message shows the same list. */
const lastSelection = new Map();

/** The list of one tab: a list of Odoo with its search, inside of the page. */
class CycleLines extends Component {
    static template = "account_collections_auto.CycleLines";
    static components = { View };
    static props = { viewProps: Object };

    setup() {
        useSubEnv({ config: { ...getDefaultConfig(), disableSearchBarAutofocus: true } });
    }
}

/** The page of a cycle: figures per level and reason, what changed since the last cycle, progress, and the lists. */
export class CyclePage extends Component {
    static template = "account_collections_auto.CyclePage";
    static components = { CycleLines };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.bus = useService("bus_service");
        this.formatInteger = formatInteger;
        this.state = useState({ page: null, tab: "planned", filter: null });
        useSubEnv({ onCycleLinesLoaded: () => this.loadFigures() });

        this.onProgress = (progress) => progress.id === this.resId && this.showProgress(progress);
        onWillStart(async () => {
            Object.assign(this.state, lastSelection.get(this.resId) || {});
            await this.loadFigures();
        });
        onMounted(() => {
            this.bus.subscribe("collection.cycle/progress", this.onProgress);
            this.follow();
        });
        onWillUpdateProps(async (nextProps) => {
            if (nextProps.record.resId !== this.followed) {
                Object.assign(
                    this.state,
                    { tab: "planned", filter: null },
                    lastSelection.get(nextProps.record.resId) || {}
                );
                this.follow(nextProps.record.resId);
            }
            await this.loadFigures(nextProps.record.resId);
        });
        onWillUnmount(() => {
            this.bus.unsubscribe("collection.cycle/progress", this.onProgress);
            this.follow(null);
        });
    }

    get resId() {
        return this.props.record.resId;
    }

    // -- figures and progress ----------------------------------------------------------------------------------------

    async loadFigures(resId = this.resId) {
        this.state.page = await this.orm.silent.call("collection.cycle", "get_page", [[resId]]);
        this.poll();
    }

    /** Listen to one cycle at a time. */
    follow(resId = this.resId) {
        if (this.followed) {
            this.bus.deleteChannel(`collection.cycle_${this.followed}`);
        }
        this.followed = resId;
        if (resId) {
            this.bus.addChannel(`collection.cycle_${resId}`);
        }
        this.poll();
    }

    /** Where notifications do not arrive, the page asks by itself while the cycle runs. */
    poll() {
        clearTimeout(this.timer);
        if (this.followed && this.state.page?.progress.state === "running") {
            this.timer = setTimeout(async () => {
                const progress = await this.orm.silent.call("collection.cycle", "get_progress", [
                    [this.followed],
                ]);
                if (this.followed === progress.id) {
                    this.showProgress(progress);
                }
            }, POLL_SECONDS * 1000);
        }
    }

    async showProgress(progress) {
        const before = this.state.page.progress;
        this.state.page.progress = progress;
        if (before.state !== progress.state) {
            await this.props.record.load(); // its update reads the figures again
        } else {
            this.poll();
        }
    }

    // -- tabs and lists ----------------------------------------------------------------------------------------------

    get tabs() {
        const { decisions, comparison } = this.state.page;
        const gone = comparison?.changes.find((change) => change.code === "gone");
        const tabs = [
            { name: "planned", label: _t("To Contact"), ...decisions.planned },
            { name: "withheld", label: _t("Held Back"), ...decisions.withheld },
            { name: "dropped", label: _t("Dropped"), ...decisions.dropped },
        ];
        if (comparison) {
            tabs.push({ name: "gone", label: _t("Not Any More"), ...gone });
        }
        return tabs.map((tab) => ({ ...tab, active: tab.name === this.state.tab }));
    }

    select(tab, filter = null) {
        Object.assign(this.state, { tab, filter });
        lastSelection.set(this.resId, { tab, filter });
    }

    selectLevel(row) {
        if (!row.count) {
            return;
        }
        const domain = [["level_id", "=", row.level_id]];
        if (row.channel) {
            domain.push(["channels", "like", row.channel]);
        }
        this.select("planned", { label: [row.level, row.by].filter(Boolean).join(", "), domain });
    }

    selectChange(change) {
        if (change.code === "gone") {
            this.select("gone");
        } else {
            this.select("planned", { label: change.label, domain: [["change", "=", change.code]] });
        }
    }

    get listKey() {
        const { tab, filter, page } = this.state;
        return [this.resId, page.state, tab, JSON.stringify(filter?.domain || [])].join("/");
    }

    /** The same object as long as the list is the same: another one would load the list again. */
    get listProps() {
        if (this.shownKey !== this.listKey) {
            this.shownKey = this.listKey;
            this.shownProps = this.prepareListProps();
        }
        return this.shownProps;
    }

    prepareListProps() {
        const { tab, filter, page } = this.state;
        const type = this.env.isSmall ? "kanban" : "list";
        const viewId = this.env.isSmall ? false : page.views[tab];
        const cycleId = tab === "gone" ? page.comparison.cycle_id : this.resId;
        const domain = [
            ["cycle_id", "=", cycleId],
            ["decision", "=", tab === "gone" ? "planned" : tab],
            ...(filter?.domain || []),
        ];
        if (tab === "gone") {
            domain.push(["missing_in_cycle_id", "=", this.resId]);
        }
        return {
            type,
            resModel: "collection.cycle.line",
            viewId,
            views: [
                [viewId, type],
                [page.search_view, "search"],
            ],
            searchViewId: page.search_view,
            domain,
            context: {
                collection_cycle_state: page.state,
                collection_compared_cycle_id: this.resId,
            },
            display: { searchPanel: false },
            noBreadcrumbs: true,
            noContentHelp: this.emptyText,
            selectRecord: (resId, { activeIds } = {}) => this.openLine(resId, activeIds),
        };
    }

    get emptyText() {
        return {
            planned: _t("Nobody is contacted by this cycle."),
            withheld: _t("Nobody who reaches a level is held back."),
            dropped: _t("Nobody was dropped. Tick customers under To Contact and choose Drop to leave them out."),
            gone: _t("Everybody whom the last cycle contacted is contacted again."),
        }[this.state.tab];
    }

    openLine(resId, resIds) {
        return this.action.doAction(
            {
                type: "ir.actions.act_window",
                res_model: "collection.cycle.line",
                res_id: resId,
                views: [[false, "form"]],
            },
            { props: { resIds: resIds || [resId] } }
        );
    }
}

registry.category("view_widgets").add("collection_cycle_page", { component: CyclePage });
