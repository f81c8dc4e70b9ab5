import { ClientError } from "@bepalo/query/client";
import type { CTXUserSession } from "@/auth/middleware";

/** Who is signed in. */
export type Person = Pick<CTXUserSession["user"], "name" | "email" | "role">;

/** Asks who is signed in; nobody is null. */
export async function whoIsThere(): Promise<Person | null> {
  const session = (await call("get-session", { method: "GET" })) as { readonly user: Person } | null;
  return session && session.user;
}

/** Begins a session: from now on the browser sends its cookie by itself. */
export async function signIn(email: string, password: string): Promise<void> {
  await call("sign-in/email", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await call("sign-out", { method: "POST" });
}

/** Asks better-auth; what it refuses becomes an error like those of the query client. */
async function call(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(`/api/auth/${path}`, init);
  const answer = (await response.json().catch(() => null)) as { message?: string; code?: string } | null;
  if (response.ok) return answer;
  const sentence = answer?.message ?? `the server answered ${response.status}`;
  throw new ClientError(answer?.code ?? "http-error", sentence, { status: response.status });
}
