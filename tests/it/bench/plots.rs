//! Pictures of a run, readable on a light page and on a dark one.
//!
//! Nothing is painted behind them, and each colour stands out from white and from black.
use plotters::coord::Shift;
use plotters::prelude::*;

const SIZE: (u32, u32) = (760, 340);

/// Of text and lines of the frame.
const INK: RGBColor = RGBColor(110, 119, 129);

/// Of whoever is measured, in order; what floors are drawn in comes last.
const COLOURS: [RGBColor; 4] = [
    RGBColor(47, 129, 247),
    RGBColor(207, 106, 23),
    RGBColor(46, 160, 67),
    RGBColor(163, 113, 247),
];

const FLOOR: RGBColor = RGBColor(139, 148, 158);

const TEXT: u32 = 16;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Outcome = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Something with a name and a colour of its own.
pub(super) struct Named<T> {
    pub(super) name: String,
    pub(super) what: T,
}

/// Curves over the same two axes.
pub(super) struct Curves<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    pub(super) all: Vec<Named<Vec<(f64, f64)>>>,
}

impl Curves<'_> {
    /// As SVG.
    pub(super) fn drawn(&self) -> String {
        picture(self.title, |area| self.draw(area))
    }

    fn draw(&self, area: &Area<'_>) -> Outcome {
        let points = || self.all.iter().flat_map(|one| &one.what);
        let most = |part: fn(&(f64, f64)) -> f64| points().map(part).fold(0.0, f64::max) * 1.03;
        let (right, top) = (most(|point| point.0), most(|point| point.1));
        let mut chart = ChartBuilder::on(area)
            .margin(14)
            .x_label_area_size(44)
            .y_label_area_size(62)
            .build_cartesian_2d(0.0..right.max(0.001), 0.0..top.max(0.001))?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(INK.mix(0.25))
            .light_line_style(TRANSPARENT)
            .label_style(text())
            .axis_desc_style(text())
            .x_labels(8)
            .y_labels(6)
            .x_desc(self.x)
            .y_desc(self.y)
            .x_label_formatter(&|value| short(*value))
            .y_label_formatter(&|value| short(*value))
            .draw()?;
        for (at, Named { name, what }) in self.all.iter().enumerate() {
            let style = colour(name, at).stroke_width(2);
            chart
                .draw_series(LineSeries::new(what.iter().copied(), style))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        }
        chart
            .configure_series_labels()
            .label_font(text())
            .position(SeriesLabelPosition::LowerRight)
            .margin(16)
            .draw()
    }
}

/// One bar for each, along a logarithmic axis.
pub(super) struct Bars<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) all: Vec<Named<f64>>,
}

impl Bars<'_> {
    /// As SVG.
    pub(super) fn drawn(&self) -> String {
        picture(self.title, |area| self.draw(area))
    }

    fn draw(&self, area: &Area<'_>) -> Outcome {
        let most = self.all.iter().map(|one| one.what).fold(10.0, f64::max) * 6.0;
        let rows = f64::from(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let mut chart = ChartBuilder::on(area)
            .margin(14)
            .x_label_area_size(44)
            .y_label_area_size(8)
            .build_cartesian_2d((1.0..most).log_scale(), rows..0.0)?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .disable_y_axis()
            .disable_y_mesh()
            .bold_line_style(INK.mix(0.25))
            .light_line_style(TRANSPARENT)
            .label_style(text())
            .axis_desc_style(text())
            .x_desc(self.x)
            .x_label_formatter(&|value| short(*value))
            .draw()?;
        let mut top = 0.0;
        for (at, Named { name, what }) in self.all.iter().enumerate() {
            let bar = [(1.0, top + 0.45), (what.max(1.01), top + 0.9)];
            let label = format!("{name}: {}", short(*what));
            chart.draw_series([Rectangle::new(bar, colour(name, at).filled())])?;
            chart.draw_series([Text::new(label, (1.1, top + 0.15), text())])?;
            top += 1.0;
        }
        Ok(())
    }
}

fn colour(name: &str, at: usize) -> RGBColor {
    if name.starts_with("floor") {
        FLOOR
    } else {
        COLOURS[at % COLOURS.len()]
    }
}

fn text() -> TextStyle<'static> {
    ("sans-serif", TEXT).into_font().color(&INK)
}

/// A number as short as an axis wants it.
fn short(value: f64) -> String {
    if value >= 10.0 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The title is what screen readers say.
fn picture(title: &str, draw: impl FnOnce(&Area<'_>) -> Outcome) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        draw(&area).unwrap();
        area.present().unwrap();
    }
    let (head, body) = svg.split_once(">\n").unwrap();
    format!("{head} role=\"img\">\n<title>{title}</title>\n{body}")
}

#[test]
fn a_picture_has_a_title_and_no_colour_that_is_lost_on_a_page() {
    let named = |name: &str| Named {
        name: name.to_owned(),
        what: vec![(0.0, 0.0), (1.0, 10.0)],
    };
    let curves = Curves {
        title: "Ready over time",
        x: "seconds",
        y: "objects",
        all: vec![named("this build"), named("floor")],
    };
    let bars = Bars {
        title: "Requests",
        x: "requests per hour",
        all: vec![Named {
            name: "this build".to_owned(),
            what: 660.0,
        }],
    };
    for (svg, title) in [
        (curves.drawn(), "Ready over time"),
        (bars.drawn(), "Requests"),
    ] {
        assert!(svg.contains(&format!("<title>{title}</title>")), "{svg}");
        assert!(svg.contains("this build"), "{svg}");
        for lost in ["#000000", "#FFFFFF"] {
            let visible = svg.lines().filter(|line| line.contains(lost));
            assert_eq!(visible.count(), 0, "{lost} in\n{svg}");
        }
    }
}
