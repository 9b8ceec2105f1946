import { Component } from "@odoo/owl";

const WIDTH = 100;
const HEIGHT = 24;

/** A small line of some figures over time; months without a figure are left out. Its figures are in the title of the tile. */
export class Sparkline extends Component {
    static template = "account_collections_auto.Sparkline";
    static props = { data: { type: Array } };

    get viewBox() {
        return `-2 -2 ${WIDTH + 4} ${HEIGHT + 4}`;
    }

    get points() {
        const known = this.props.data.filter((figure) => figure !== null);
        const least = Math.min(...known);
        const range = Math.max(...known) - least;
        const step = WIDTH / Math.max(1, this.props.data.length - 1);
        return this.props.data
            .map((figure, index) => ({ figure, x: index * step }))
            .filter(({ figure }) => figure !== null)
            .map(({ figure, x }) => `${x.toFixed(1)},${(range ? HEIGHT - ((figure - least) / range) * HEIGHT : HEIGHT / 2).toFixed(1)}`)
            .join(" ");
    }
}
