//! The kit: buttons, fields, tables, dialogs. It knows nothing of shares; it makes an inaccessible or stateless part
//! hard to write: labels, reasons, skeletons and empty states are required parameters.
//!
//! Everything renders the same on the server and in the browser's first pass, carries no inline style (the content
//! security policy forbids it) and works before the script has loaded wherever HTML alone can.

mod button;
mod card;
mod confirm;
mod copy;
mod dialog;
mod early;
mod field;
mod icon;
mod page;
mod plot;
mod resolve;
mod state;
mod table;
mod tabs;
mod text;
mod time;
mod toast;

pub use button::{Button, ButtonKind};
pub use card::{Badge, Card, Tone};
pub use confirm::Confirm;
pub use copy::{ArnText, CopyButton};
pub use dialog::Dialog;
pub use early::{REMEMBER_PRESSED, heard_early, pressed_early};
pub use field::{Checkbox, CheckboxRow, Choice, Field, FieldError, FileInput, RadioCards, Select, TextArea, TextInput};
pub use icon::{Icon, IconName};
pub use page::{BottomBar, PageHeader};
pub use plot::{Bar, Line, LinePlot};
pub use resolve::{Resolve, changing};
pub use state::{ActionProblem, EmptyState, ErrorPanel, Skeleton};
pub use table::{Column, Rows, Table};
pub use tabs::{Tab, TabPanel, Tabs, focus};
pub use text::{Words, sentence_case, thousands};
pub use time::{Time, duration_ms, duration_us, size};
pub use toast::{Toaster, Toasts};
