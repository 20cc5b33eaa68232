// What a program of the generated types writes: it is compiled, strictly, and never run.
import createClient from "openapi-fetch";
import type { paths } from "schema";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8000" });

export async function sale(): Promise<number | undefined> {
  const hall = await client.POST("/v1/locations", { body: { name: "Concert hall" } });
  const event = await client.POST("/v1/events", {
    body: {
      name: "Live",
      locationid: hall.data!.id,
      startts: "2027-01-01T20:00:00Z",
      endts: "2027-01-01T22:00:00Z",
      contingents: [{ name: "Stalls", amount: 100, prices: [{ pricetypeid: 1, price: 30 }] }],
    },
  });
  const id = String(event.data!.id);
  const contingentid = event.data!.contingents[0].id;
  await client.PATCH("/v1/events/{id}", { params: { path: { id } }, body: { subtitle: "Extra night", c_genre: "jazz" } });
  await client.PATCH("/v1/events/{id}/contingents/{contingentid}", {
    params: { path: { id, contingentid: String(contingentid) } },
    body: { amount: 60 },
  });
  await client.POST("/v1/events/{id}/publish", { params: { path: { id } } });
  const order = await client.POST("/v1/orders", {
    body: { saleschannelid: 2, take: [{ contingentid, amount: 2 }] },
  });
  const path = { id: String(order.data!.id) };
  await client.POST("/v1/orders/{id}/confirm", { params: { path } });
  const paid = await client.POST("/v1/orders/{id}/payments", { params: { path }, body: { amount: 60 } });
  if (paid.error) {
    console.error(paid.error.type, paid.error.detail);
  }
  const read = await client.GET("/v1/orders/{id}", { params: { path } });
  return read.data?.amountpaid;
}

export async function mistakes(): Promise<void> {
  // @ts-expect-error a Location needs a name
  await client.POST("/v1/locations", { body: { city: "Gent" } });
  // @ts-expect-error an Event needs a Location
  await client.POST("/v1/events", { body: { name: "Live" } });
  // @ts-expect-error a date needs an end
  await client.POST("/v1/events/{id}/dates", { params: { path: { id: "1" } }, body: { start: "2027-01-01T20:00:00Z" } });
}
