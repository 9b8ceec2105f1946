import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";

import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor, getCustomColor, hexToRGBA } from "@web/core/colors/colors";
import { formatCurrency } from "@web/core/currency";

/**
 * A chart of the 13 weeks: bars of what comes in each week, or the line of all that has come by then with its band.
 *
 * `series`: [{ label, color, data, kind }], `kind` being what `onSelect(week, kind)` is called with. The figures are in the
 * table below the charts, too, for whoever cannot see them.
 */
export class ForecastChart extends Component {
    static template = "account_collections_auto.ForecastChart";
    static props = {
        type: { type: String }, // "bar" or "band"
        label: { type: String },
        labels: { type: Array, element: String },
        titles: { type: Array, element: String },
        series: { type: Array },
        currencyId: { type: Number },
        onSelect: { type: Function },
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                this.chart = new Chart(this.canvas.el, this.config);
                return () => this.chart.destroy();
            },
            // The same figures in new lists draw the same chart; JSON leaves out the functions.
            () => [JSON.stringify(this.props)]
        );
    }

    get scheme() {
        return cookie.get("color_scheme");
    }

    get datasets() {
        return this.props.series.map((one) => {
            const color = getColor(one.color, this.scheme, "lg");
            if (this.props.type === "bar") {
                return { label: one.label, data: one.data, backgroundColor: color, stack: "all" };
            }
            return {
                label: one.label,
                data: one.data,
                borderColor: one.fill === undefined ? color : hexToRGBA(color, 0.4),
                borderWidth: one.fill === undefined ? 3 : 1,
                backgroundColor: hexToRGBA(color, 0.2),
                pointRadius: one.fill === undefined ? 3 : 0,
                fill: one.fill || false,
                tension: 0,
            };
        });
    }

    get config() {
        const grid = { color: getCustomColor(this.scheme, "#d8dadd", "#3C3E4B") };
        const color = getCustomColor(this.scheme, "#111827", "#E4E4E4");
        const isBar = this.props.type === "bar";
        const format = (value, options) => formatCurrency(value, this.props.currencyId, options);
        return {
            type: isBar ? "bar" : "line",
            data: { labels: this.props.labels, datasets: this.datasets },
            options: {
                responsive: true,
                maintainAspectRatio: false,
                animation: false,
                interaction: { mode: "index", intersect: false },
                scales: {
                    x: { stacked: isBar, grid: { display: false }, ticks: { color, maxRotation: 60 } },
                    y: {
                        stacked: isBar,
                        beginAtZero: true,
                        grid,
                        ticks: { color, maxTicksLimit: 6, callback: (value) => format(value, { humanReadable: true, digits: [16, 1] }) },
                    },
                },
                plugins: {
                    legend: { position: "bottom", labels: { color, boxWidth: 12 } },
                    tooltip: {
                        callbacks: {
                            title: ([first]) => this.props.titles[first.dataIndex],
                            label: (item) => `${item.dataset.label}: ${format(item.parsed.y)}`,
                        },
                    },
                },
            },
        };
    }

    /** Open what is behind a bar. */
    select(event) {
        const [found] = this.chart.getElementsAtEventForMode(event, "nearest", { intersect: true }, false);
        if (found && this.props.type === "bar") {
            this.props.onSelect(found.index + 1, this.props.series[found.datasetIndex].kind);
        }
    }
}
