import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const FIRST_DAY = -7;
const LAST_DAY = 60;
const MARGIN = 3;
const ICONS = { email: "fa-envelope-o", sms: "fa-commenting-o", letter: "fa-file-text-o", call: "fa-phone", portal: "fa-globe" };

/**
 * The levels of a plan on a line of days, and as sentences below it. The line is for the eye; the list of sentences says
 * the same to everybody, and is what the keyboard and a screen reader use.
 */
export class TimelinePicture extends Component {
    static template = "account_collections_auto.TimelinePicture";
    static props = {
        levels: { type: Array },
        onSelect: { type: Function, optional: true },
        legend: { type: Boolean, optional: true },
    };

    get first() {
        return Math.min(FIRST_DAY, ...this.props.levels.map((level) => level.days));
    }

    get last() {
        return Math.max(LAST_DAY, ...this.props.levels.map((level) => level.days));
    }

    /** Where a day lies on the line, in percent of its length. */
    position(day) {
        return MARGIN + ((100 - 2 * MARGIN) * (day - this.first)) / (this.last - this.first);
    }

    icon(level) {
        const [channel] = (level.channels || "").split(",");
        return channel ? ICONS[channel] || "fa-paper-plane-o" : "fa-user-o";
    }

    get legendEntries() {
        return [
            { mode: "auto", text: _t("leaves by itself") },
            { mode: "review", text: _t("a person approves it") },
            { mode: "manual", text: _t("by hand only") },
        ];
    }

    select(level) {
        this.props.onSelect?.(level);
    }
}

/** Shows a JSON list of levels, as `collection.plan` computes it. */
export class TimelinePictureField extends Component {
    static template = "account_collections_auto.TimelinePictureField";
    static components = { TimelinePicture };
    static props = { ...standardFieldProps };

    get levels() {
        return (this.props.record.data[this.props.name] || []).map((level) => ({ ...level, key: level.days }));
    }
}

registry.category("fields").add("collection_timeline_picture", {
    component: TimelinePictureField,
    displayName: _t("Time line of a dunning plan"),
    supportedTypes: ["json"],
});
