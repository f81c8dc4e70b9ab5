import { connect } from "./api.ts";
import { signIn, signOut, whoIsThere, type Person } from "./auth.ts";
import { showBaskets } from "./baskets.ts";
import { find, write } from "./dom.ts";
import { createFeed } from "./feed.ts";
import { onSubmit } from "./form.ts";
import { attempt, say } from "./messages.ts";
import { createMonths } from "./months.ts";
import { createPosts } from "./posts.ts";
import { showRequest } from "./requests.ts";

const api = connect(showRequest);
const feed = createFeed(api);
const months = createMonths(api);
const posts = createPosts(api, () => attempt(feed.again));
const entrance = find(document, "#sign-in", HTMLElement);
const form = find(entrance, "form", HTMLFormElement);
const badge = find(document, "#person", HTMLElement);

/** Opens what is there for a person, or the entrance for nobody. */
async function welcome(person: Person | null): Promise<void> {
  entrance.hidden = person !== null;
  badge.hidden = person === null;
  if (person === null) return posts.close();
  write(badge, { name: person.name, role: person.role ?? "user" });
  await posts.open();
}

async function enter({ email = "", password = "" }: Readonly<Record<string, string>>): Promise<void> {
  await signIn(email, password);
  const person = await whoIsThere();
  await welcome(person);
  // A page of one person is not where another goes on from.
  attempt(feed.start);
  form.reset();
  find(document, "#posts-title", HTMLElement).focus();
  say(`Welcome, ${person?.name}.`);
}

async function leave(): Promise<void> {
  await signOut();
  await welcome(null);
  attempt(feed.start);
  find(form, "[name=email]", HTMLInputElement).focus();
  say("Signed out.");
}

onSubmit(form, enter);
for (const known of entrance.querySelectorAll<HTMLButtonElement>("[data-email]")) {
  known.addEventListener("click", () => {
    const { email = "", password = "" } = known.dataset;
    find(form, "[name=email]", HTMLInputElement).value = email;
    find(form, "[name=password]", HTMLInputElement).value = password;
    form.requestSubmit();
  });
}
find(document, "#sign-out", HTMLButtonElement).addEventListener("click", () => attempt(leave));

attempt(feed.start);
attempt(feed.offerTags);
months.follow();
attempt(() => showBaskets(api));
attempt(async () => welcome(await whoIsThere()));
