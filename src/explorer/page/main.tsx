import { render } from "preact";

render(<main>The explorer</main>, document.querySelector("#explorer")!);
